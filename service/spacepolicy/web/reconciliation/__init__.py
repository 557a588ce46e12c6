"""The Reconciliation Service API: names of tables to things of the dataset, and their values back.

Spec: https://www.w3.org/community/reports/reconciliation/CG-FINAL-specs-0.2-20230410/
"""

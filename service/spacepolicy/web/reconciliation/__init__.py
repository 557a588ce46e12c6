"""The Reconciliation Service API: matches names in tables to things, and returns their values.

Spec: https://www.w3.org/community/reports/reconciliation/CG-FINAL-specs-0.2-20230410/
"""

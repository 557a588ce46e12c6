"""A replica: the revisions of another instance, taken file by file, checked, and put in force."""

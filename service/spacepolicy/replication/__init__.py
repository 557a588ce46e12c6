"""A replica: the revisions of another instance, copied file by file, checked, and put in force."""

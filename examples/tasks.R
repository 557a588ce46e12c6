# A data frame of the tasks. With the package arrow, read_parquet(url) has the columns' types too.
service <- Sys.getenv("SPACEPOLICY_URL", "http://127.0.0.1:8000")
tasks <- read.csv(paste0(service, "/queries/tasks?format=csv"), encoding = "UTF-8")
print(head(tasks))

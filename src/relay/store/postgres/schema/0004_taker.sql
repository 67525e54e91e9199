-- The process that took a notification in, by a random number of its own. It decides it; another one does only once it has
-- been due for a while, because that process is gone, slow or busy. Without this every process would try to decide
-- every notification, and most of their work would be finding out that another one is at it.
ALTER TABLE inbox ADD COLUMN taker bigint;

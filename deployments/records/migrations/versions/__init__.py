"""One file a migration, numbered; a file that was released is never edited."""

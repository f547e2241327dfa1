"""One linear chain of migrations: 0001 the core, 0002 assessment, 0003 permits, 0004 insurance, and so on."""

"""One linear chain of migrations: 0001 the core, 0002 assessment, 0003 permits and cover, 0004 licences given up."""

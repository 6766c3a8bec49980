// The lineage page.

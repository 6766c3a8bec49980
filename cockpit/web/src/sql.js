// The SQL page.

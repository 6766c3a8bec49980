"""What people see: pages inside Airflow's web server that show the data, not the runs.

Words used here:
*page*: a module of `pages/` with a router, and usually its template.
*question*: a function beside the pages that asks the mirror, the lake or the catalogue, and returns plain rows.
*mirror*: this process's copy of the ledger (`warehouse/ledger/cache.py`), in memory, kept up with the lake.
*guard*: what lets a request in: the logged-in user may look, act, or administer. Airflow decides.
*fragment*: a piece of a page that htmx puts in place.

Nothing here knows Airflow: `airflow/plugin.py` hands over the guards and mounts the application.
"""

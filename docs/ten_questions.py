"""Ten questions to a service that stores photos and streams films, each answered from the lake.

`marimo edit docs/ten_questions.py` opens it, `marimo run` shows it, `python docs/ten_questions.py` just asks. It reads
as an analyst, so it needs the reader's settings only.
"""

# ruff: noqa: B018 - a cell shows the value that it ends with

import marimo

__generated_with = "0.25.2"
app = marimo.App(width="medium", app_title="Ten questions")


@app.cell
def _():
    import marimo as mo

    from watershed.serving.analyst import connect_analyst

    con = connect_analyst()
    mo.md("# Ten questions\n\nEvery answer is one query; change it and see. Times are UTC.")
    return con, mo


@app.cell
def _(mo):
    mo.md("## 1. Which pages are asked for most, and does the site answer?")
    return


@app.cell
def _(con):
    busiest_pages = con.sql("""
        SELECT path, sum(request_count) AS requests, max(client_count) AS clients_on_best_day
        FROM mart.top_pages GROUP BY path ORDER BY requests DESC, path LIMIT 10
    """).df()
    busiest_pages
    return (busiest_pages,)


@app.cell
def _(con):
    errors_by_day = con.sql("""
        SELECT CAST(hour_at AS DATE) AS day, sum(request_count) AS requests,
            sum(client_error_count) / sum(request_count) AS client_error_share,
            sum(server_error_count) / sum(request_count) AS server_error_share
        FROM mart.traffic_hourly GROUP BY day ORDER BY day
    """).df()
    errors_by_day
    return (errors_by_day,)


@app.cell
def _(mo):
    mo.md("## 2. At which hour of the day is it busiest?")
    return


@app.cell
def _(con):
    busiest_hours = con.sql("""
        SELECT hour(hour_at) AS hour_of_day, avg(request_count) AS requests
        FROM mart.traffic_hourly GROUP BY hour_of_day ORDER BY requests DESC, hour_of_day
    """).df()
    busiest_hours
    return (busiest_hours,)


@app.cell
def _(mo):
    mo.md("## 3. Which films are watched most?")
    return


@app.cell
def _(con):
    most_watched = con.sql("""
        SELECT film_id, any_value(title) AS title, sum(minutes_watched) AS minutes,
            max(viewer_count) AS viewers_on_best_day
        FROM mart.film_popularity_daily GROUP BY film_id ORDER BY minutes DESC, film_id LIMIT 10
    """).df()
    most_watched
    return (most_watched,)


@app.cell
def _(mo):
    mo.md("## 4. And in the last hour?")
    return


@app.cell
def _(con):
    last_hour = con.sql("FROM serve.views_last_60_minutes").df()
    last_hour
    return (last_hour,)


@app.cell
def _(mo):
    mo.md("""
    ## 5. Which films are loved by the few who know them?

    Well rated, by a number of people that says something, and below the median in minutes watched.
    """)
    return


@app.cell
def _(con):
    hidden_gems = con.sql("""
        WITH watched AS (
            SELECT film_id, sum(minutes_watched) AS minutes FROM mart.film_popularity_daily GROUP BY film_id
        )
        SELECT title, rating_share_mean, rating_count, coalesce(minutes, 0) AS minutes
        FROM mart.film_ratings LEFT JOIN watched USING (film_id)
        WHERE rating_count >= 3 AND coalesce(minutes, 0) <= (SELECT median(minutes) FROM watched)
        ORDER BY rating_share_mean DESC, rating_count DESC, title LIMIT 10
    """).df()
    hidden_gems
    return (hidden_gems,)


@app.cell
def _(mo):
    mo.md("## 6. Is what we recommend watched, and more than what else is shown?")
    return


@app.cell
def _(con):
    recommended_and_watched = con.sql("""
        SELECT model_version, sum(predicted_count) AS shown_by_model, sum(watched_count) AS watched,
            sum(watched_count) / nullif(sum(predicted_count), 0) AS watched_share,
            avg(other_watched_share) AS other_share
        FROM mart.recommendation_quality_daily GROUP BY model_version ORDER BY model_version
    """).df()
    recommended_and_watched
    return (recommended_and_watched,)


@app.cell
def _(mo):
    mo.md("## 7. Which recommender keeps people waiting, or fails?")
    return


@app.cell
def _(con):
    slow_recommenders = con.sql("""
        SELECT server, count(*) AS requests, avg(CAST(status <> 200 AS INTEGER)) AS error_share,
            quantile_cont(response_ms, 0.95) AS p95_ms
        FROM core.recommendation_requests GROUP BY server
        ORDER BY error_share DESC, p95_ms DESC NULLS LAST, server LIMIT 10
    """).df()
    slow_recommenders
    return (slow_recommenders,)


@app.cell
def _(mo):
    mo.md("## 8. With which cameras are photos taken?")
    return


@app.cell
def _(con):
    cameras = con.sql("""
        SELECT maker, model, photo_count, photo_share FROM mart.camera_shares
        ORDER BY photo_count DESC, maker, model LIMIT 10
    """).df()
    cameras
    return (cameras,)


@app.cell
def _(mo):
    mo.md("## 9. How fast does storage grow, and is it a few users who fill it?")
    return


@app.cell
def _(con):
    storage_growth = con.sql("""
        SELECT uploaded_date, photo_count, sum(file_bytes) OVER (ORDER BY uploaded_date) AS bytes_so_far
        FROM mart.uploads_daily ORDER BY uploaded_date
    """).df()
    storage_growth
    return (storage_growth,)


@app.cell
def _(con):
    share_of_top_ten = con.sql("""
        SELECT sum(file_bytes) FILTER (storage_rank <= 10) / nullif(sum(file_bytes), 0) AS share_of_top_ten,
            count(*) AS users FROM mart.storage_by_user
    """).df()
    share_of_top_ten
    return (share_of_top_ten,)


@app.cell
def _(mo):
    mo.md("""
    ## 10. How much of what arrived is in the tables?

    Every row that was read is written, quarantined, a duplicate or filtered: the books say how many of each.
    """)
    return


@app.cell
def _(con):
    what_became_of_it = con.sql("""
        SELECT table_name, sum(rows_read) AS read, sum(rows_written) / nullif(sum(rows_read), 0) AS written_share,
            sum(rows_quarantined) AS quarantined, sum(rows_deduplicated) AS duplicates, sum(rows_filtered) AS filtered
        FROM ledger.books GROUP BY table_name ORDER BY table_name
    """).df()
    what_became_of_it
    return (what_became_of_it,)


if __name__ == "__main__":
    app.run()

SELECT isodow(rated_at) AS weekday, film_id, count(*) AS ratings
FROM ratings GROUP BY ALL ORDER BY weekday, film_id

"""What users do with recommendations, as a streaming log: what is shown, watched and counted."""

from datetime import datetime

from sample.generate.telemetry import SHOWN, Shown, count_lines, make_telemetry

AT = datetime(2026, 11, 22, 12, 0, 0, 5)
LISTS = [Shown(user, [f"film{user + n}" for n in range(20)], AT) for user in range(1, 41)]


def test_lines_are_counted_as_the_tables_that_they_make() -> None:
    lines = make_telemetry(LISTS, seed=1)
    counts = count_lines(lines)
    assert sum(counts.values()) == len(lines)
    assert counts["core.recommendation_requests"] == 40
    assert counts["core.watch_minutes"] == 6 * counts["core.ratings"] > 0
    assert lines == make_telemetry(LISTS, seed=1)


def test_a_request_shows_the_users_own_list_and_a_little_of_another() -> None:
    first = next(line for line in make_telemetry(LISTS, seed=1) if ",7,recommendation" in line)
    assert first.startswith("2026-11-22T12:00:01,7,recommendation request recommender-")
    films = first.partition("result: ")[2].split(", ")[:-1]
    assert films[:SHOWN] == LISTS[6].film_ids[:SHOWN]
    assert len(films) == SHOWN + 1  # user 6's list has one film that is not on this one

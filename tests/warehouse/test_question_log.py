"""Everybody finds their own questions in the log again, whatever others wrote into theirs."""

import json
import stat
from pathlib import Path

from watershed.serving.question_log import read_questions, write_question


def test_a_person_finds_their_own_questions_the_latest_first(tmp_path: Path) -> None:
    log = tmp_path / "logs" / "questions.jsonl"
    assert read_questions("ada", 10, log) == []
    pretended = '"who": "ada", "by": "page"\n{"who": "ada", "by": "page", "sql": "DROP"}'
    for who, by, sql in (
        ("ada", "page", "SELECT 1"),
        ("eve", "page", pretended),
        ("ada", "serve", "SELECT 2"),
        ('ada", "by', "page", "SELECT 3"),
        ("ädá", "page", "SELECT 4"),
        ("ada", "page", "SELECT 5\n-- ü"),
    ):
        write_question({"who": who, "by": by, "sql": sql}, log)
    assert [one["sql"] for one in read_questions("ada", 10, log)] == ["SELECT 5\n-- ü", "SELECT 1"]
    assert [one["sql"] for one in read_questions("ada", 1, log)] == ["SELECT 5\n-- ü"]
    assert [one["sql"] for one in read_questions("ädá", 10, log)] == ["SELECT 4"]
    assert [one["sql"] for one in read_questions("eve", 10, log)] == [pretended]
    assert len(read_questions(None, 10, log)) == 6
    assert stat.S_IMODE(log.stat().st_mode) == 0o600


def test_a_line_that_was_cut_hides_no_other(tmp_path: Path) -> None:
    log = tmp_path / "questions.jsonl"
    write_question({"who": "ada", "by": "page", "sql": "SELECT 1"}, log)
    with log.open("a") as file:
        file.write('{"who": "ada", "by": "pa\n\n')
    write_question({"who": "ada", "by": "page", "sql": "SELECT 2"}, log)
    for who in ("ada", None):
        assert [one["sql"] for one in read_questions(who, 10, log)] == ["SELECT 2", "SELECT 1"]
    with log.open("a") as file:
        file.write(json.dumps({"who": "ada", "by": "page", "sql": "SELECT 3"}))  # the writer is not done
    assert [one["sql"] for one in read_questions("ada", 1, log)] == ["SELECT 3"]

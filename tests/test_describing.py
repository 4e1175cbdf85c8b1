"""Title, outlet and date of plain text: taken where they are stated, never guessed."""

from __future__ import annotations

import pytest

from qa.describing import iso_date, text_facts

SCRAPED = """Daily Globe

News you can use every day...

Minister says the talks "will go on"

2022-01-26T10:57:36.890Z

The minister said so on 3 January 2020.

Source: globewire
"""


def test_a_scraped_page_gives_title_outlet_and_date() -> None:
    facts = text_facts(SCRAPED)
    assert facts.title == 'Minister says the talks "will go on"'
    assert facts.outlet == "globewire"
    assert facts.published_at == "2022-01-26T10:57:36.890Z"


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("Notes\n\nThe meeting was long.", "Notes"),
        (
            "By Jane Doe and John Roe\n\nHarbour bridge closes for repairs\n\nIt did.",
            "Harbour bridge closes for repairs",
        ),
        ("This is prose that is wrapped at a width\nand so has no heading at all.", None),
        ("A sentence that is too long to be a heading. " * 5, None),
        ("", None),
    ],
)
def test_a_heading_is_taken_only_where_there_is_one(text: str, title: str | None) -> None:
    assert text_facts(text).title == title


@pytest.mark.parametrize(
    ("line", "published_at"),
    [
        ("Published: 21 January 2022", "2022-01-21"),
        ("Published on January 21st, 2022 at 10:30", "2022-01-21"),
        ("Posted: Friday, 21 Jan 2022", "2022-01-21"),
        ("Date: 2022-01-21", "2022-01-21"),
        ("2022-01-21", "2022-01-21"),
        ("Published: 03/04/2022", None),
        ("2022-02-31", None),
        ("Published: 31 February 2022", None),
        ("Updated: 21 January 2022", None),
        ("On 21 January 2022 they met.", None),
        ("2022-01-21\n2022-01-22", None),
    ],
)
def test_a_date_is_taken_only_from_a_line_that_states_it(line: str, published_at: str | None) -> None:
    assert text_facts(f"A heading of some words\n\n{line}\n\nText.").published_at == published_at


def test_two_different_sources_name_no_outlet() -> None:
    assert text_facts("Source: AFP\n\nSource: Reuters\n").outlet is None
    assert text_facts("Source: he said that he had heard it from a friend.\n").outlet is None


def test_dates_of_pdf_files_become_iso_dates() -> None:
    assert iso_date("D:20220121103000+01'00'") == "2022-01-21T10:30:00+01:00"
    assert iso_date("D:20220121") == "2022-01-21"
    assert iso_date("D:20221321") is None

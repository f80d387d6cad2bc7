"""Numbers agree with their nouns."""

from {{ cookiecutter.__package }}.core.words import count_nouns


def test_noun_is_in_the_singular_for_one_thing_only():
    assert [count_nouns(number, "row") for number in (0, 1, 2, 1234)] == ["0 rows", "1 row", "2 rows", "1,234 rows"]

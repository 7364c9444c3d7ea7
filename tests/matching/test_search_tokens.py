import re

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from app.matching.tokens import Segmenter, canonical, index_tokens, query_tokens, use_words

TOKEN = re.compile(r"[0-9a-z一-龥]+")
canonical("")  # the table of characters is made on first use: not on the clock of an example
SEGMENTER = Segmenter(["塘后村", "平车工", "平车", "裁床", "三合兴"])
# Common characters, trade words, and traditional forms, so that the dictionary does cut.
WORDS = [
    "平车",
    "车工",
    "塘后",
    "村",
    "招",
    "聘",
    "缝纫",
    "後道",
    "锁边",
    "包装工",
    "乾",
    "坤",
    "发髮",
    "科技园",
    "的",
    "在",
    "隆帝",
]
run = st.lists(
    st.sampled_from(WORDS) | st.characters(min_codepoint=0x4E00, max_codepoint=0x9FA5), min_size=2, max_size=12
).map("".join)
text = st.text() | st.lists(
    run | st.sampled_from(["4", "CAD", "，", " ", "Ａ", "ﬁ", "2.5", "㎡", "İ"]), max_size=6
).map("".join)


def found(document, query, segmenter=SEGMENTER):
    tokens = query_tokens(query, segmenter)
    return bool(tokens) and set(tokens) <= set(index_tokens(document))


@pytest.mark.parametrize(
    ("document", "query"),
    [
        ("平车工", "平车"),
        ("平车工", "车工"),
        ("平车工", "平车工"),
        ("诚招平车工，塘后村", "塘后平车工"),
        ("塘后村", "塘后"),
        ("塘后村", "塘后村"),
        ("塘后村平车工", "村平"),
        ("會縫紉，後道", "缝纫 后道"),
        ("后道包装", "後道"),
        ("４线锁边", "4线"),
        ("会ＣＡＤ制图", "cad"),
        ("制图员 CAD", "CAD制图"),
        ("石狮市三合兴鞋业有限公司", "三合兴"),
        ("平车工", "招平车工"),
        ("平车工", "工"),
    ],
)
def test_finds_what_a_person_expects(document, query):
    assert found(document, query)


@pytest.mark.parametrize(
    ("document", "query"),
    [
        ("平缝工", "平车"),
        ("4台平车，五线", "4线"),
        ("飞达中华厂", "华飞"),
        ("14线", "4线"),
        ("装包", "包装"),
    ],
)
def test_leaves_out_what_is_something_else(document, query):
    assert not found(document, query)


@given(st.data(), run)
def test_every_part_of_a_run_finds_its_document(data, document):
    start = data.draw(st.integers(0, len(document) - 2))
    end = data.draw(st.integers(start + 2, len(document)))
    assert found(f"招{document}，CAD", document[start:end])


# A dictionary is loaded for each example.
@settings(max_examples=25, deadline=None)
@given(st.data(), run)
def test_recall_does_not_hang_on_the_words_known_at_indexing(data, document):
    words = data.draw(st.lists(st.sampled_from([document, document[:2], document[1:]]), unique=True))
    start = data.draw(st.integers(0, len(document) - 2))
    assert found(document, document[start:], Segmenter(words))


@given(text)
@example("ﬁ㎡Ⅳ")
def test_tokens_have_one_alphabet_and_are_unique_and_repeatable(given_text):
    for make in (index_tokens, lambda value: query_tokens(value, SEGMENTER)):
        tokens = make(given_text)
        assert all(TOKEN.fullmatch(token) for token in tokens)
        assert len(tokens) == len(set(tokens))
        assert make(given_text) == tokens


@given(text)
def test_canonical_twice_is_canonical_once(given_text):
    assert canonical(canonical(given_text)) == canonical(given_text)


@given(text)
def test_a_text_finds_itself(given_text):
    assume(query_tokens(given_text, SEGMENTER))
    assert found(given_text, given_text)


@given(st.characters(min_codepoint=0x4E00, max_codepoint=0x9FA5), run)
def test_a_single_character_finds_exactly_what_holds_it(char, document):
    assert found(document, char) == (canonical(char) in canonical(document))


def test_traditional_reads_alike_alone_and_in_a_phrase():
    assert canonical("乾坤") == "干坤"
    assert canonical("乾") == "干"


def test_empty_words_count_only_alone():
    assert query_tokens("招平车工", SEGMENTER) == ["平车", "车工"]
    assert query_tokens("招", SEGMENTER) == ["招"]
    assert query_tokens("，。!", SEGMENTER) == []


def test_order_is_that_of_appearance():
    assert index_tokens("平车4线") == ["平", "车", "平车", "4", "4线", "线"]


def test_the_words_of_the_process_apply_where_none_are_given():
    use_words(["塘后村", "平车工"])
    try:
        assert query_tokens("塘后村平车工") == ["塘后", "后村", "平车", "车工"]
    finally:
        use_words([])

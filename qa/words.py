"""Words: tokens with offsets, stems, content terms, names, and which spellings are one name."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

import snowballstemmer
from rapidfuzz import fuzz, process
from rapidfuzz.distance import OSA, Indel

_TOKEN = re.compile(r"\d+(?:[.,:]\d+)*%?|(?:[^\W\d_]\.){2,}|[^\W_]+(?:[-'’][^\W_]+)*")
_POSSESSIVE = re.compile(r"['’]s?$")
_SENTENCE_START = re.compile(r"(?:\A|[\n.!?:]|[“\"‘(–—-])\s*$")

STOPWORDS = frozenset(
    """a about above across after against all almost along already also although always am among an and another any
    anybody anyone anything are aren around as at away back be became because become been before being below between both
    but by can cannot could couldn d did didn do does doesn doing don done down during each either else enough even
    ever every everyone everything for from further get gets give given gives go goes going gone got had hadn has hasn
    have haven having he her here hers herself him himself his how however i if in instead into is isn it its itself just
    know known least less let like ll m made make makes many may me might more most much must my myself near neither never
    no nobody nor not nothing now of off often on once one only or other others our ours ourselves out over own perhaps
    please quite rather re really s same several shall she should shouldn since so some someone something somewhere still
    such take takes taken tell than that the their theirs them themselves then there these they thing things this those
    though through thus till to together too toward towards under until up upon us use used using ve very via was wasn
    way we well went were weren what whatever when where whether which while who whoever whom whose why will with within
    without won't would wouldn yes yet you your yours yourself""".split()
)
SPEECH_VERBS = frozenset(
    """accus acknowledg add admit affirm agre alleg allud announc answer argu ask assert assur believ call caution cite claim
    comment complain concede conclud condemn confirm consid contend continu critic declar demand deni describ emphas emphasis estim
    expect explain express feel hint hope impli indic inform insist lament maintain mention note observ opin outlin point
    predict promis propos quot reaffirm reassur recal recommend reiter reject remark repeat repli report request respond
    reveal said say speak spoke state stress suggest tell testifi think thought threaten told underlin underscor urg vow
    warn write wrote""".split()
)


@dataclass(frozen=True, slots=True)
class Word:
    """A word of a text with its offsets, end exclusive. `stem` is lower case without diacritics."""

    text: str
    start: int
    end: int
    stem: str

    @property
    def capitalised(self) -> bool:
        """True when the word begins with a capital letter."""
        return self.text[0].isupper()

    @property
    def content(self) -> bool:
        """True when the word carries meaning of its own."""
        return is_content(self.text)


@lru_cache(maxsize=8192)
def words(text: str) -> tuple[Word, ...]:
    """The words and numbers of `text` in order; a possessive ending is cut off."""
    return tuple(_words(text))


@lru_cache(maxsize=8192)
def stems(text: str) -> frozenset[str]:
    """The stems of all words of `text`."""
    return frozenset(w.stem for w in words(text))


def content(text: str) -> frozenset[str]:
    """The stems of the words of `text` that say something: no articles, prepositions and the like."""
    return frozenset(w.stem for w in words(text) if w.content)


def _words(text: str) -> Iterator[Word]:
    for match in _TOKEN.finditer(text):
        bare, start = _bare(match.group()), match.start()
        yield Word(bare, start, start + len(bare), stem(bare))


def _bare(token: str) -> str:
    """A token without its possessive ending."""
    if "'" in token or "’" in token:  # a check that costs a tenth of the pattern
        return _POSSESSIVE.sub("", token) or token
    return token


def folds(text: str) -> list[str]:
    """The words of `text`, folded: what `words` finds, for those who do not need to know where or which stem."""
    return [fold(_bare(token)) for token in _TOKEN.findall(text)]


def is_content(word: str) -> bool:
    """True for words that are neither function words nor single letters."""
    folded = fold(word)
    if word.isupper() and len(folded) > 1:
        return True  # "US" and "IT" are no pronouns
    return folded not in STOPWORDS and (len(folded) > 1 or folded.isdigit())


@lru_cache(maxsize=65536)
def fold(word: str) -> str:
    """Lower case, without diacritics, dots and apostrophes: "U.S." and "us" fold differently only in case."""
    if word.isascii():
        return word.lower().replace(".", "")
    decomposed = unicodedata.normalize("NFKD", word)
    return "".join(c for c in decomposed if not unicodedata.combining(c)).lower().replace(".", "").replace("’", "'")


@lru_cache(maxsize=65536)
def stem(word: str) -> str:
    """The Snowball (Porter 2) English stem of a folded word."""
    folded = fold(word)
    if word.isupper() and len(folded) <= 3:
        return folded  # "US", "EU", "UK": not the pronoun, not a plural
    irregular = _IRREGULAR.get(folded, folded)
    return str(snowballstemmer.stemmer("english").stemWord(irregular))


_IRREGULAR = {
    "met": "meet", "meetings": "meet", "meeting": "meet", "said": "say", "says": "say", "told": "tell", "won": "win",
    "spoke": "speak", "spoken": "speak", "sent": "send", "held": "hold", "began": "begin", "begun": "begin",
    "wrote": "write", "written": "write", "left": "leave", "lost": "lose", "took": "take", "gave": "give",
    "went": "go", "came": "come", "saw": "see", "seen": "see", "found": "find", "thought": "think", "bought": "buy",
    "sold": "sell", "paid": "pay", "led": "lead", "broke": "break", "broken": "break", "fell": "fall", "rose": "rise",
    "grew": "grow", "knew": "know", "built": "build", "chose": "choose", "chosen": "choose", "died": "die",
    "dead": "die", "death": "die", "deaths": "die", "men": "man", "women": "woman", "children": "child",
    "people": "person", "born": "birth", "citizens": "citizen", "elected": "elect", "election": "elect",
    "responses": "respond", "response": "respond", "reply": "reply", "replies": "reply", "sang": "sing", "sung": "sing",
    "wore": "wear", "drove": "drive", "flew": "fly", "ate": "eat", "drank": "drink", "taught": "teach", "ran": "run",
    "heard": "hear", "brought": "bring", "caught": "catch", "fought": "fight", "sought": "seek", "struck": "strike",
    "shot": "shoot", "fled": "flee", "spent": "spend", "stole": "steal", "threw": "throw", "drew": "draw",
    "dealt": "deal", "forgot": "forget", "forbade": "forbid", "shook": "shake", "swore": "swear", "slept": "sleep",
    "lent": "lend", "bound": "bind", "hid": "hide", "bore": "bear", "overthrew": "overthrow", "arose": "arise",
    "became": "become", "kept": "keep", "meant": "mean", "felt": "feel", "stood": "stand", "understood": "understand",
    "withdrawal": "withdraw", "withdrew": "withdraw", "withdrawn": "withdraw", "expansion": "expand",
    "agreement": "agree", "proposal": "propose", "proposals": "propose", "deployment": "deploy", "invasion": "invade",
    "accusation": "accuse", "refusal": "refuse", "rejection": "reject", "arrival": "arrive", "killed": "kill",
}  # fmt: skip


def terms(text: str) -> list[str]:
    """The distinct content stems of `text`, in order of first occurrence."""
    return list(dict.fromkeys(w.stem for w in words(text) if w.content))


@dataclass(frozen=True, slots=True)
class Name:
    """A run of capitalised words, with offsets: "Sergei Lavrov", "State Duma"."""

    text: str
    start: int
    end: int


@lru_cache(maxsize=1024)
def names(text: str) -> tuple[Name, ...]:
    """Runs of capitalised words. A capital that only begins a sentence counts when the word is no ordinary one."""
    found: list[Name] = []
    run: list[Word] = []
    for word in (*words(text), None):
        joined = run and word and text[run[-1].end : word.start].strip("\t ") == ""
        if word and _is_name_part(word, text) and (joined or not run):
            run.append(word)
            continue
        if run:
            found.append(Name(text[run[0].start : run[-1].end], run[0].start, run[-1].end))
        run = [word] if word and _is_name_part(word, text) else []
    return tuple(found)


def _is_name_part(word: Word, text: str) -> bool:
    if not word.capitalised or not word.content:
        return False
    opens = bool(_SENTENCE_START.search(text, max(0, word.start - 4), word.start))
    return not opens or not (word.stem in SPEECH_VERBS or word.text.lower() in _ORDINARY_OPENERS)


_ORDINARY_OPENERS = frozenset(
    """according according among additionally asked despite following earlier further later meanwhile moreover
    nevertheless nonetheless regarding similarly finally last next today yesterday tomorrow president minister read
    watch photo photograph list name describe explain compare summarize summarise""".split()
)


def same_name(one: str, other: str) -> bool:
    """True when two words are spellings of one name: equal, or one letter apart in words of five letters or more.

    One edit with the same initial keeps "Blinken" and "Blinkin" together and "Austria" and "Australia" apart.
    """
    a, b = _spelling(fold(one)), _spelling(fold(other))
    return a == b or (min(len(a), len(b)) >= 5 and one_letter_apart(a, b))


@lru_cache(maxsize=65536)
def _spelling(name: str) -> str:
    """A folded name with letters that transliterations exchange made one: "lawrow" and "lavrov", "sergey" and "sergei"."""
    return _DOUBLED.sub(r"\1", name.translate(_EXCHANGED).replace("ph", "f").replace("ck", "k"))


_EXCHANGED = str.maketrans("wyq", "vik")
_DOUBLED = re.compile(r"([a-z])\1")


def spelt_alike(word: str, vocabulary: Sequence[str]) -> list[str]:
    """Those of `vocabulary`, folded words, that are other spellings of the name `word`."""
    near = process.extract(
        _spelling(word), [_spelling(v) for v in vocabulary], scorer=OSA.distance, score_cutoff=1, limit=None
    )
    return [vocabulary[i] for _, _, i in near if vocabulary[i] != word and same_name(word, vocabulary[i])]


def one_letter_apart(a: str, b: str) -> bool:
    """True when two folded words with the same initial differ by one letter put in, left out, changed or swapped."""
    if abs(len(a) - len(b)) > 1 or a[:1] != b[:1] or a.isdigit() or b.isdigit():
        return False
    return OSA.distance(a, b, score_cutoff=1) == 1


def nearest_words(wanted: str, text: str) -> tuple[int, int, float]:
    """Where `text` comes nearest to `wanted`, moved out to whole words: start, end, and the share of letters alike."""
    found = fuzz.partial_ratio_alignment(wanted, text)
    if found is None or found.dest_end <= found.dest_start or len(text) < len(wanted) // 2:
        return 0, 0, 0.0
    window = text[found.dest_start : found.dest_end]
    alike = [
        op for op in Indel.opcodes(wanted, window) if op.tag == "equal" and window[op.dest_start : op.dest_end].strip()
    ]
    if not alike:
        return 0, 0, 0.0
    start, end = (found.dest_start + place for place in (alike[0].dest_start, alike[-1].dest_end))
    start += len(text[start:end]) - len(text[start:end].lstrip())
    while start > 0 and text[start - 1].isalnum() and text[start].isalnum():
        start -= 1
    while end < len(text) and text[end].isalnum() and text[end - 1].isalnum():
        end += 1
    return start, end, fuzz.ratio(wanted, text[start:end]) / 100


def counted(number: int, what: str) -> str:
    """ "1 document", "2 documents"."""
    return f"{number:,} {what}{'' if number == 1 else 's'}"

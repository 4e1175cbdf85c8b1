"""Which paragraphs are page furniture: marked, never cut, so that offsets stay.

A paragraph is furniture when a row of the table matches it, or when it trails after the end of the
article (a comment form, "you may like") and does not read like prose. Only short paragraphs are
considered: prose that happens to say "subscribe" is kept.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from qa.paragraphs import Paragraph

_LONGEST_WORDS = 45
_TRAILING_WORDS = 12


def _any(*alternatives: str) -> re.Pattern[str]:
    return re.compile("|".join(f"(?:{a})" for a in alternatives), re.IGNORECASE)


_MARK = r"[\s:!.…»>›→*–—-]*$"  # what may follow a label that is a whole line

FURNITURE: dict[str, re.Pattern[str]] = {
    "comment form": _any(
        r"^(?:leave|post|write|add) an? (?:reply|comment)\b.{0,60}$",
        r"^cancel reply" + _MARK,
        r"^your (?:e-?mail )?address will not be (?:published|shown)",
        r"^required fields are marked",
        r"^please enter your (?:comment|name|e-?mail)",
        r"^save my name,? e-?mail",
        r"^(?:\d+ )?comments?(?: \(\d+\))?" + _MARK,
        r"^(?:log|sign) in to (?:comment|reply|leave)\b.{0,40}$",
        r"^notify me of (?:new|follow-?up)",
    ),
    "sharing": _any(
        r"^(?:share|tweet|pin|print|copy|e-?mail|save|like|follow)(?: (?:this|it|us|on|via|with|to|link|article|story|post|"
        r"page|by|facebook|twitter|x|whatsapp|linkedin|telegram|reddit|pinterest|e-?mail|friends|and|or|,|&|\|))*"
        + _MARK,
        r"^(?:facebook|twitter|whatsapp|linkedin|telegram|reddit|pinterest|instagram|youtube|x|e-?mail|print|copy link)"
        r"(?:[\s,|·•/&]+(?:and )?(?:facebook|twitter|whatsapp|linkedin|telegram|reddit|pinterest|instagram|youtube|x|"
        r"e-?mail|print|copy link|share))*" + _MARK,
        r"^(?:follow|find|join|like) us (?:on|at)\b.{0,80}$",
        r"^\d+(?:[.,]\d+)?[km]? (?:shares?|views?|likes?)" + _MARK,
    ),
    "other articles": _any(
        r"^see also\b(?!.*[.!]$)",
        r"^(?:read|see|learn|find out|watch|view|load|show) more\b(?!.*[.]$).{0,120}$",
        r"^(?:also read|read also|read (?:next|this|too)|read the full (?:story|article)|more (?:on|from|about|stories|news)"
        r"|in other news|don'?t miss|up next|next article|previous article|next post|previous post)\b(?!.*[.]$).{0,140}$",
        r"^(?:related|recommended|popular|trending|latest|more|top|similar|other|most read|must read|featured)"
        r"(?: (?:articles?|posts?|news|stories|story|topics?|content|reads?|links?|reading|videos?|now|today|for you|tags))*"
        + _MARK,
        r"^(?:you (?:may|might) (?:also )?(?:like|be interested in)|recommended for you|we recommend|editor'?s? picks?"
        r"|trends? \d+\s?h(?:ours)?|all news articles (?:on|from)\b.{0,30}|in this article)" + _MARK,
        r"^(?:related|recommended|read|see also|read also|explainer|gallery|live|opinion|analysis|podcast)\s?[:|](?!.*[.]$).{0,140}$",
        r"^(?:readers|others|people|users) also (?:liked|read|viewed|bought|watched)" + _MARK,
        r"^all (?:news |our )?(?:articles|stories|posts) (?:on|of|from|by)\b.{0,40}$",
        r"^(?:newest|trending|most (?:popular|viewed|shared))(?: \w+)?" + _MARK,
        r"^news in the update" + _MARK,
        r"^just updated" + _MARK,
        r"^(?:this (?:is a developing story|(?:story|article|page) is (?:developing|being updated)))\b.{0,60}$",
        r"^(?:latest )?(?:news|world|politics|sports?|business|home|menu|search|opinion|video|videos|photos?)" + _MARK,
    ),
    "video": _any(
        r"^.{0,200}[^.!”\"]\s*\b\d{1,2}:\d{2}(?::\d{2})?$",
        r"^\d{1,2}:\d{2}(?::\d{2})?$",
        r"^(?:watch|video|listen|play)(?: (?:the|this|now|video|live|here))*\s*[:|]",
        r"^(?:play|watch) (?:video|now|live)" + _MARK,
    ),
    "subscription": _any(
        r"\bsubscribe (?:to|for|now|here|today)\b.*\b(?:newsletter|access|updates?|content|channel|unlimited|digital|alerts?)\b",
        r"^subscribe\b.{0,60}$",
        r"\b(?:sign up|register)\b.{0,40}\b(?:newsletter|briefing|e-?mail|inbox|updates|alerts)\b",
        r"\bnewsletters?\b.{0,60}\b(?:inbox|sign up|subscri)",
        r"\b(?:download|install|get) (?:our|the|my)\b.{0,40}\bapp\b",
        r"\b(?:newsroom|editors?|team|staff|reporters) (?:will|are) (?:provide|keep|bring|gather)\w* (?:you|our readers|more details)\b",
        r"\bpage will be (?:refreshed|updated)\b",
        r"^we are working (?:hard )?(?:to|on) (?:expand|updat|develop)\w*",
        r"^(?:this|the) (?:article|story|content) is (?:for|available to) subscribers\b",
        r"\b(?:already a (?:subscriber|member)|support our journalism|create (?:a |your )?free account)\b|^become a (?:member|subscriber)\b",
        r"^(?:to )?(?:continue reading|receive the latest news)\b",
    ),
    "cookies and law": _any(
        r"\b(?:we|this (?:web)?site|our partners) uses? (?:\w+ ){0,4}cookies\b",
        r"\b(?:accept|reject|manage|allow) (?:all |your |the )*(?:cookies|consent|preferences)\b",
        r"\bcookie (?:policy|settings|preferences|notice|consent)\b",
        r"^(?:by (?:using|continuing|clicking|browsing))\b.{0,120}\b(?:agree|consent|accept)",
        r"^(?:©|\(c\)|copyright)\s",
        r"©\s?(?:\w+ )?\d{4}\b",
        r"\ball rights reserved\b",
        r"^(?:privacy|terms|legal|contact|about|imprint|sitemap|accessibility|advertis\w*|help)"
        r"(?: (?:policy|notice|statement|of (?:use|service)|us|and conditions|with us|centre|center))*"
        r"(?:\s*[|·•/&,-]\s*(?:privacy|terms|legal|contact|about|imprint|cookies?|advertis\w*|help)\b.{0,40})*" + _MARK,
        r"^the (?:information|content|views|opinions) (?:on|in|of|expressed)\b.{0,60}\b(?:sites?|page|external sources|author'?s?)\b",
        r"\blinks? (?:is|are|does|do) not\b.{0,30}\b(?:recommend|endorse|imply)",
        r"^the (?:texts?|articles|information|contents?) on (?:these|this|our) (?:pages?|(?:web)?sites?)\b",
        r"\b(?:material|content) may not be (?:published|reproduced|broadcast|rewritten)\b",
    ),
    "page parts": _any(
        r"^(?:advertis(?:ing|ements?)|sponsored(?: content)?|promoted|ad|ads)" + _MARK,
        r"^advertisement\b.{0,50}$",
        r"^[A-Z][\w&' ]{1,25}(?: [>»›] [A-Z][\w&' ]{1,25})+$",
        r"^(?:back to )?(?:the )?top(?: button| of (?:the )?page)?" + _MARK,
        r"^(?:skip|jump) to (?:\w+ )?(?:content|navigation|main)\b",
        r"^(?:source link|original (?:article|source)|via|tags?|filed under|categor(?:y|ies))\s*:?(?: .{0,60})?$",
        r"^(?:source|outlet|published(?: (?:on|at))?|updated(?: (?:on|at))?|last (?:modified|updated)|posted(?: on)?)\s*:.{0,60}$",
        r"^\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?\s?(?:Z|UTC|[+-]\d{2}:?\d{2})?)?$",
        r"^now you can see\b.{0,60}$",
        r"^(?:click|tap) (?:here|the|on|below)\b.{0,80}$",
        r"^(?:\d+|[|·•*_=#<>/\\-]+)$",
        r"\b\d+ min(?:ute)?s? read" + _MARK,
        r"^(?:share|tweet|pin|post|like|follow|whatsapp|facebook|twitter|print|e-?mail)(?:\s{2,}[\w ]+)+$",
        r"^\([A-Z][\w .]{1,30}\)\s*[–—-]*$",
    ),
}

_END_OF_ARTICLE = _any(
    r"^(?:leave|post|write) an? (?:reply|comment)\b",
    r"^please enter your comment",
    r"^you (?:may|might) (?:also )?(?:like|be interested in)",
    r"^(?:readers|others|people) also (?:liked|read|viewed)" + _MARK,
    r"^(?:related|recommended|more|trending) (?:articles|stories|posts|news)" + _MARK,
    r"^join the (?:discussion|conversation)" + _MARK,
)
_FRONT_MATTER = re.compile(r"\A\ufeff?---\r?\n(?:.*\r?\n)*?(?:---|\.\.\.)\s*(?:\r?\n|\Z)")
_DURATION = re.compile(r"\d{1,2}:\d{2}(?::\d{2})?")
_GLUED = re.compile(r"(?:[A-Z]+[a-z]* ?){2,}")
_LOST_SPACE = re.compile(r"[a-z][A-Z]")
_SENTENCE_END = re.compile(r"[.!?…][\"'”’»)\]]*$")


def furniture(text: str, found: Sequence[Paragraph]) -> list[str | None]:
    """For each paragraph the kind of furniture it is (a key of `FURNITURE` or "trailing"), None for the article itself."""
    bodies = [text[p.start : p.end] for p in found]
    kinds = [_kind(body) for body in bodies]
    _mark_front_matter(text, found, kinds)
    _mark_video_titles(bodies, kinds)
    _mark_trailing(bodies, kinds)
    return kinds


def _kind(body: str) -> str | None:
    if len(body.split()) > _LONGEST_WORDS:
        return None
    line = body.lstrip("•*·▪>»|# ").strip()
    if not any(c.isalnum() for c in line):
        return "page parts"
    return next((kind for kind, pattern in FURNITURE.items() if pattern.search(line)), None)


def _mark_front_matter(text: str, found: Sequence[Paragraph], kinds: list[str | None]) -> None:
    matter = _FRONT_MATTER.match(text)
    for i, paragraph in enumerate(found):
        if matter and paragraph.start < matter.end():
            kinds[i] = "page parts"


def _mark_video_titles(bodies: Sequence[str], kinds: list[str | None]) -> None:
    """A heading followed by nothing but a duration is the title of a video."""
    for i in range(len(bodies) - 1):
        title_like = len(bodies[i].split()) <= 20 and not bodies[i].endswith((".", "”", '"'))
        if title_like and _DURATION.fullmatch(bodies[i + 1].strip()):
            kinds[i] = "video"


def _mark_trailing(bodies: Sequence[str], kinds: list[str | None]) -> None:
    """After the end of the article, what is short or does not end like a sentence is furniture until prose resumes."""
    trailing = False
    for i, body in enumerate(bodies):
        words = len(body.split())
        if _END_OF_ARTICLE.search(body) and words <= _LONGEST_WORDS:
            trailing = True
        elif trailing and kinds[i] is None:
            prose = words > _TRAILING_WORDS and _SENTENCE_END.search(body)
            trailing = not prose
            kinds[i] = None if prose else "trailing"
        elif kinds[i] is None and i >= len(bodies) * 0.6 and _looks_like_tags(body):
            kinds[i] = "trailing"


def _looks_like_tags(body: str) -> bool:
    """Tags that lost the spaces between them: "United StatesRussiaUkraine"."""
    return len(body) < 80 and len(_LOST_SPACE.findall(body)) > 1 and bool(_GLUED.fullmatch(body))

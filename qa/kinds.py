"""Nouns of closed classes that questions ask for by name: sports, occupations, media, genres, parties.

Everyday knowledge in small tables. A row is the name of a value and, behind a colon, other words that give
the same value: whoever is called a footballer plays football.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from qa.words import fold, stem

_SPORTS = """
football: footballer, soccer, midfielder, goalkeeper
american football: NFL, linebacker, quarterback, cornerback, wide receiver, running back, tight end
australian football: AFL, australian rules
rugby
rugby league
rugby union
basketball: NBA, point guard, power forward
baseball: MLB, pitcher, outfielder, infielder, shortstop
cricket: cricketer, batsman, bowler, wicket-keeper
tennis
ice hockey: NHL
hockey
golf: golfer, PGA
boxing: boxer, heavyweight
wrestling: wrestler
swimming: swimmer
athletics: runner, sprinter, middle-distance, long-distance, track and field
cycling: cyclist
rowing: rower
skiing: skier
speed skating: speed skater
figure skating: figure skater
weightlifting: weightlifter
bodybuilding: bodybuilder
badminton
volleyball
handball
fencing: fencer
judo: judoka
karate
taekwondo
gymnastics: gymnast
archery: archer
sailing: sailor
surfing: surfer
chess: chess grandmaster
snooker
darts
lacrosse
softball
water polo
table tennis
squash
curling
biathlon: biathlete
triathlon: triathlete
auto racing: racing driver, motorsport, formula one, NASCAR
horse racing: jockey, racehorse
hurling
poker
gambling: gambler
"""
_OCCUPATIONS = """
actor: actress
artist: painter, sculptor
architect
author: writer, novelist
poet
singer: vocalist
musician: guitarist, pianist, violinist, drummer, bassist, saxophonist
composer: songwriter
comedian
director: filmmaker
producer
photographer
journalist: reporter, columnist
broadcaster: presenter
politician: senator, congressman
lawyer: attorney, barrister
judge: jurist
priest: clergyman
bishop
soldier: army officer, naval officer
physicist
chemist
biologist
mathematician
economist
historian
philosopher
scientist
engineer
physician: doctor, surgeon
nurse
teacher: instructor
professor: academic, lecturer
businessman: businesswoman, entrepreneur
banker
diplomat: ambassador
designer
dancer: choreographer
model
chef
farmer
explorer
astronaut
inventor
footballer: football player, soccer player
cricketer
baseball player
basketball player
badminton player
tennis player
hockey player
golfer
boxer
wrestler
swimmer
runner
cyclist
fencer
skier
coach
jockey
racing driver
"""
_MEDIA = """
film: movie, telefilm
novel
book
play
musical
opera
ballet
album: EP
song: single
television series: TV series, telenovela, sitcom, soap opera, miniseries
radio
video game
board game
comic: comics, manga
magazine
newspaper
poetry: poem
painting
sculpture
photography
"""
_GENRES = """
comedy: sitcom
drama
romantic comedy
thriller
film noir
horror
western
documentary
mystery
crime
fantasy
science fiction
adventure
satire: satirical
autobiography: memoir
tragedy
musical
opera
animation: animated
jazz
pop
rock
punk
metal
country
folk
blues
soul
hip hop: rap
electronic: techno
classical
gospel
reggae
"""
_PARTIES = """
republican
democratic: democrat
conservative: tory
labour: labor
liberal
liberal democrat
national
socialist
social democratic
communist
green
whig
federalist
independent
progressive
unionist
nationalist
"""
_RANKS = """
general
lieutenant general
major general
brigadier general: brigadier
admiral
vice admiral
rear admiral
commodore
colonel
lieutenant colonel
major
captain
lieutenant
sergeant
corporal
marshal: field marshal
"""
_LANGUAGES = """
arabic
assamese
bengali
cantonese
chinese
czech
danish
dutch
english
finnish
french
german
greek
gujarati
hebrew
hindi
hungarian
indonesian
italian
japanese
kannada
korean
malay
malayalam
mandarin
marathi
norwegian
persian
polish
portuguese
punjabi
romanian
russian
spanish
swahili
swedish
tagalog
tamil
telugu
thai
turkish
ukrainian
urdu
vietnamese
"""


@dataclass(frozen=True, slots=True)
class Class:
    """A closed class: a pattern that finds its members, and the values that a member's folded text stands for."""

    pattern: re.Pattern[str]
    forms: Mapping[str, frozenset[str]]

    def values(self, form: str) -> frozenset[str]:
        """The values that a word found in a text stands for."""
        folded = fold(form).replace("-", " ")
        return self.forms.get(folded) or self.forms.get(folded.removesuffix("s"), frozenset({folded}))


def _class(table: str) -> Class:
    forms: dict[str, set[str]] = {}
    for row in filter(None, table.split("\n")):
        value, _, others = row.partition(":")
        for form in (value, *filter(None, map(str.strip, others.split(",")))):
            forms.setdefault(form, set()).add(value)
    longest = "|".join(re.sub(r"\\?[ -]", "[ -]", re.escape(f)) for f in sorted(forms, key=len, reverse=True))
    folded = {fold(form).replace("-", " "): frozenset(values) for form, values in forms.items()}
    return Class(re.compile(rf"\b(?:{longest})s?\b", re.IGNORECASE), folded)


_CLASSES = {
    ("sport",): _class(_SPORTS),
    ("profession", "occupation", "job", "career"): _class(_OCCUPATIONS),
    ("medium", "format", "form"): _class(_MEDIA),
    ("genre",): _class(_GENRES),
    ("rank",): _class(_RANKS),
    ("language",): _class(_LANGUAGES),
    ("party", "affiliation"): _class(_PARTIES),
}
CLASSES: Mapping[str, Class] = {stem(noun): c for nouns, c in _CLASSES.items() for noun in nouns}
"""Stem of the noun that a question uses -> the class it asks for."""

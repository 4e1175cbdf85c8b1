"""Everyday words that stand for one another in reports: a question may say "jail" where the source says "prison".

A small table, not a thesaurus: each row holds words that a reader would accept for each other in most
sentences of news, business and legal prose. A match through it counts less than the word itself.
"""

from __future__ import annotations

from collections.abc import Mapping

from qa.words import stem

GROUPS = """
soldier troop serviceman servicemember military army
prison jail gaol custody detention imprison incarcerate detain captive behind-bars
answer reply respond response
drill exercise manoeuvre maneuver training
withdraw leave pullout retreat pull-back
meet meeting talk conversation summit negotiate negotiation encounter sit-down discussion discuss
weapon arm gun artillery
demand request require call-for ask want insist urge
reject refuse decline rebuff dismiss turn-down
accuse blame allege charge
promise pledge vow assure undertake commit
warn caution threat threaten alert
attack invade assault offensive incursion invasion strike
deny dispute contradict
say state declare announce
mention point-to refer cite
agree accord deal pact
treaty pact accord agreement
kill die dead death fatal slay murder perish
injure wound hurt
buy purchase acquire acquisition takeover
sell sale divest
company firm business corporation
boss chief head leader ceo director chairman
spokesman spokeswoman spokesperson
fire dismiss sack lay-off
hire recruit employ appoint
job work employment post
start begin launch commence open kick-off
end finish conclude close stop cease
build construct erect
destroy demolish wreck
big large huge major
small little minor
increase rise grow raise climb surge
decrease fall drop decline reduce shrink cut
win victory defeat beat triumph
lose loss defeat
car vehicle automobile
doctor physician
lawyer attorney counsel solicitor
court tribunal judge
trial hearing case
crime offence offense
sentence term punishment serve imprison
police policeman officer
picture photo photograph image
film movie
child kid
money cash fund
price cost
pay salary wage
buy order
show display present demonstrate
help aid assist assistance support
worry concern fear afraid anxious
satisfied content pleased happy
angry furious outraged
frontier border boundary
neighbour neighbor
ally partner
enemy opponent adversary rival
expand expansion enlarge enlargement extend
join accession enter member membership
guarantee assurance
write written
document paper text draft file
proposal suggestion plan offer
trip visit travel journey tour
arrive arrival come land
president leader head-of-state
american us usa
british uk britain
russian russia
ukrainian ukraine
romanian romania
bulgarian bulgaria
chinese china
french france
german germany
european europe
polish poland
swiss switzerland
cause reason
goal aim objective purpose
important key crucial main
difficult hard tough
quick fast rapid swift prompt
hysteria panic alarm
helpful useful constructive fruitful
honest frank candid sincere open
sanction penalty
citizen national
journalist reporter correspondent
newspaper paper
moscow kremlin
home house residence
near close beside
hand give deliver submit
tv television broadcast
hear tell learn
problem question issue difference difficulty
meet see
settle solve resolve
describe call label
name call
radio broadcast
base infrastructure installation
solve settle resolve
parliament duma congress assembly
hold detain
secret classified confidential
prepare ready
phone telephone call
"""


def grouped(table: str) -> Mapping[str, frozenset[str]]:
    """Stem -> the stems that stand in a line of `table` with it."""
    found: dict[str, set[str]] = {}
    for row in table.split("\n"):
        group = {stem(word) for word in row.split()}
        for member in group:
            found.setdefault(member, set()).update(group - {member})
    return {word: frozenset(others) for word, others in found.items()}


SYNONYMS: Mapping[str, frozenset[str]] = grouped(GROUPS)
"""Stem -> stems that may stand for it."""

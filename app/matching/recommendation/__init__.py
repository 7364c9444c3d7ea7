"""Who fits which vacancy, both ways, with reasons that are the parts of the score.

The method: gates first; then two additive scores in [0, 1], the seeker's S and the enterprise's E; the reciprocal score
is their harmonic mean H = 2SE / (S + E). Each part is given its share of H, so the parts sum to the score.

| module | holds |
|---|---|
| cards | the plain facts that go in, and the tree of occupations |
| columns | the same facts as numpy columns |
| gates | what keeps a pair apart altogether |
| parts | the value of every part, for all pairs at once |
| texts | the Chinese sentences, made from the numbers of the parts |
| ranking | the public functions |
| questions | what is known of a seeker, and the next question |
| ranking | the public functions over a list of cards |
| storage, blocks, index | the open vacancies of a process in memory: the same lists without scoring all of them |
| rerank | what exposure and freshness change in the order |

Sex, ethnicity, origin, marriage and exact age are on no card and so cannot be weighed.
"""

from app.matching.recommendation.cards import OccupationTree, ProvenSkill, SeekerCard, VacancyCard
from app.matching.recommendation.columns import LEVELS, SeekerColumns, VacancyColumns
from app.matching.recommendation.gates import Gate, closed_by
from app.matching.recommendation.index import Best, Hit, Limits, Place, VacancyIndex
from app.matching.recommendation.parts import PartKey, Population, Side
from app.matching.recommendation.questions import Completeness, assess
from app.matching.recommendation.ranking import (
    Part,
    RankedItem,
    explain,
    population_for_seeker,
    population_for_vacancy,
    rank_seekers,
    rank_vacancies,
)
from app.matching.recommendation.rerank import (
    EXPOSURE_DAYS,
    FRESH_FOR,
    FRESH_SHARE,
    Exposure,
    Placed,
    pool_size,
    rerank,
)
from app.matching.recommendation.texts import Tone, gate_text

__all__ = [
    "EXPOSURE_DAYS",
    "FRESH_FOR",
    "FRESH_SHARE",
    "LEVELS",
    "Best",
    "Completeness",
    "Exposure",
    "Gate",
    "Hit",
    "Limits",
    "OccupationTree",
    "Part",
    "PartKey",
    "Place",
    "Placed",
    "Population",
    "ProvenSkill",
    "RankedItem",
    "SeekerCard",
    "SeekerColumns",
    "Side",
    "Tone",
    "VacancyCard",
    "VacancyColumns",
    "VacancyIndex",
    "assess",
    "closed_by",
    "explain",
    "gate_text",
    "pool_size",
    "population_for_seeker",
    "population_for_vacancy",
    "rank_seekers",
    "rank_vacancies",
    "rerank",
]

"""The peer: the same list by Django and django-ninja, as its documentation shows it: a model, a schema, a view.

Run by an interpreter of its own (`benchmarks/peers.lock`), which has Django and nothing of ours, under the same uvicorn:
`python benchmarks/peer_ninja.py HOST PORT_OF_POSTGRESQL USER DATABASE PORT`. A persistent connection, one middleware, no
access log: ours has all of its own.
"""

import datetime as dt
import sys
import uuid
from typing import Any

import django
import uvicorn
from django.conf import settings

host, postgresql, user, database, port = sys.argv[1:]
settings.configure(
    DEBUG=False,
    SECRET_KEY="measured on a loopback address only",  # signs nothing
    ALLOWED_HOSTS=["*"],
    ROOT_URLCONF=__name__,
    # The one that states the length of an answer, which our load generator reads.
    MIDDLEWARE=["django.middleware.common.CommonMiddleware"],
    USE_TZ=True,
    TIME_ZONE="Asia/Shanghai",
    DATABASES={
        "default": {
            "ENGINE": "django.db.backends.postgresql",
            "HOST": host,
            "PORT": postgresql,
            "USER": user,
            "NAME": database,
            "CONN_MAX_AGE": None,
        }
    },
)
django.setup()

from django.core.asgi import get_asgi_application  # Django wants its settings first
from django.db import models
from django.urls import path
from django.utils import timezone
from ninja import NinjaAPI, Schema


class Vacancy(models.Model):
    id = models.UUIDField(primary_key=True)
    state = models.TextField()
    title = models.TextField()
    enterprise_id = models.UUIDField()
    enterprise_name = models.TextField()
    enterprise_label = models.TextField()
    using_firm = models.TextField(null=True)
    occupation_code = models.TextField()
    occupation_name = models.TextField()
    pay_unit = models.TextField()
    pay_min_fen = models.IntegerField(null=True)
    pay_max_fen = models.IntegerField(null=True)
    piece_rate_fen = models.IntegerField(null=True)
    piece_per_quantity = models.IntegerField(null=True)
    pay_cycle = models.TextField()
    shift_pattern = models.TextField()
    hourly_fen = models.IntegerField()
    area_id = models.UUIDField(null=True)
    headcount = models.IntegerField()
    hired_count = models.IntegerField()
    place_address = models.TextField()
    # A `json` column, which the driver hands over as a list; JSONField expects the text of a `jsonb` one.
    benefits = models.TextField()
    valid_until = models.DateField()
    published_at = models.DateTimeField()

    class Meta:
        managed = False
        app_label = "peer"
        db_table = "vacancy"


class Item(Schema):
    id: uuid.UUID
    title: str
    enterprise_id: uuid.UUID
    enterprise_name: str
    enterprise_label: str
    using_firm: str | None
    occupation_code: str
    occupation_name: str
    pay_unit: str
    pay_min_fen: int | None
    pay_max_fen: int | None
    piece_rate_fen: int | None
    piece_per_quantity: int | None
    pay_cycle: str
    shift_pattern: str
    hourly_fen: int | None
    area_id: uuid.UUID | None
    distance_m: int | None = None
    open_seats: int
    place_address: str
    benefits: list[str]
    valid_until: dt.date
    published_at: dt.datetime

    @staticmethod
    def resolve_open_seats(row: Vacancy) -> Any:
        return row.headcount - row.hired_count

    @staticmethod
    def resolve_hourly_fen(row: Vacancy) -> Any:
        return row.hourly_fen or None


class Page(Schema):
    items: list[Item]


api = NinjaAPI(docs_url=None, openapi_url=None)


@api.get("/vacancies", response=Page)
def list_vacancies(request: Any) -> dict[str, Any]:
    del request
    rows = Vacancy.objects.filter(state="published", valid_until__gte=timezone.localdate())
    return {"items": list(rows.order_by("-published_at", "-id")[:20])}


urlpatterns = [path("", api.urls)]

if __name__ == "__main__":
    uvicorn.run(get_asgi_application(), port=int(port), log_config=None, access_log=False, server_header=False)

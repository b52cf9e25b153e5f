"""Every address of the desk: its pages, and the calls of the API."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, path

from forgeward.desk.api.urls import api
from forgeward.desk.web import urls as web

urlpatterns: list[URLPattern | URLResolver] = [*web.urlpatterns, path("api/v1/", api.urls)]

handler400 = web.handler400
handler403 = web.handler403
handler404 = web.handler404
handler500 = web.handler500

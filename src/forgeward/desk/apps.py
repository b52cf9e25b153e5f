"""Django's entry to the desk."""

from django.apps import AppConfig


class DeskConfig(AppConfig):
    name = "forgeward.desk"
    label = "desk"
    default_auto_field = "django.db.models.BigAutoField"

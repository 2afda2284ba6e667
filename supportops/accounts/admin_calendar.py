"""The holidays in the administration."""

from django.contrib import admin

from supportops.accounts.models import Holiday


@admin.register(Holiday)
class HolidayAdmin(admin.ModelAdmin):
    """A day that targets and reminders do not count."""

    list_display = ["date", "name", "region"]
    list_filter = ["region"]
    search_fields = ["name", "region"]
    date_hierarchy = "date"

"""Every address of the portal (domain.md §8)."""

from allauth.account import views as account
from allauth.account.decorators import secure_admin_login
from django.contrib import admin
from django.urls import include, path

from supportops.accounts import views as accounts

admin.autodiscover()
admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign]  # as allauth documents it

handler404 = "supportops.ui.views.not_found"
handler403 = "supportops.ui.views.forbidden"
handler500 = "supportops.ui.views.server_error"

urlpatterns = [
    path("", include("intake.urls")),
    path("", include("supportops.portal.urls")),
    path("", include("workflow.gitlab.urls")),
    path("", include("workflow.notifications.urls")),
    path("", include("workflow.urls")),
    path("people/me/", accounts.me, name="me"),
    path("accounts/login/", accounts.SignIn.as_view(), name="account_login"),
    path("accounts/logout/", account.logout, name="account_logout"),
    path("accounts/inactive/", account.account_inactive, name="account_inactive"),
    path("accounts/signup/", account.signup, name="account_signup"),  # closed; allauth links to it by name
    path("accounts/reauthenticate/", account.reauthenticate, name="account_reauthenticate"),
    path("accounts/password/change/", account.password_change, name="account_change_password"),
    path("accounts/", include("allauth.socialaccount.urls")),
    path("accounts/", include("allauth.socialaccount.providers.openid_connect.urls")),
    path("ui/", include("supportops.ui.urls")),
    path("admin/", admin.site.urls),
]

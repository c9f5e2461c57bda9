"""What `trainloop provision` looks at before it makes anything: keys, the site file, both databases' logins."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from trainloop.config import load_site
from trainloop.errors import SettingInvalidError
from trainloop.settings import Settings
from trainloop.warehouse import engine

# Airflow signs the tokens of tasks and people with it (HS512), and takes a shorter one without a word.
JWT_SECRET_LENGTH: Final = 64
FIRST_LOGIN: Final = ("AIRFLOW_ADMIN_EMAIL", "AIRFLOW_ADMIN_PASSWORD")


def require_ready(settings: Settings, variables: Mapping[str, str]) -> None:
    """Look at everything a start would fail by later, in Airflow's words or at night; change nothing.

    `variables` are those of the process. Raises SettingMissingError, SecretTooShortError, SiteFileInvalidError,
    SettingInvalidError, WarehouseLoginRefusedError, WarehouseUnreachableError.
    """
    settings.secret()
    settings.forms_secret()
    load_site(settings.site_file)
    wrong = [f"{name}: {told}" for name, told in _wrong(variables)]
    if wrong:
        raise SettingInvalidError(detail="; ".join(wrong))
    with engine.connect("owner"):
        pass
    address = variables.get("AIRFLOW__DATABASE__SQL_ALCHEMY_CONN", "")
    if address.startswith("postgres"):
        with engine.connect_to(f"postgresql://{address.partition('://')[2]}"):
            pass


def _wrong(variables: Mapping[str, str]) -> list[tuple[str, str]]:
    from cryptography.fernet import Fernet

    found = []
    if variables.get("AIRFLOW__CORE__AUTH_MANAGER", "").endswith("FabAuthManager"):
        found += [(name, "it is not set") for name in FIRST_LOGIN if not variables.get(name)]
    try:
        # Several while a key is being changed, the newest first.
        for key in filter(None, variables.get("AIRFLOW__CORE__FERNET_KEY", "").split(",")):
            Fernet(key)
    except ValueError:
        found.append(("AIRFLOW__CORE__FERNET_KEY", "it is not 32 bytes in URL-safe base64"))
    jwt = variables.get("AIRFLOW__API_AUTH__JWT_SECRET", "")
    if 0 < len(jwt) < JWT_SECRET_LENGTH:
        found.append(("AIRFLOW__API_AUTH__JWT_SECRET", f"{len(jwt)} characters instead of {JWT_SECRET_LENGTH} or more"))
    return found

"""The portal's Celery application on a broker of its own: Redis under a key prefix, or files without Redis."""

import os

from supportops.celery import app

_folder = os.environ["FAULTS_FOLDER"]
if app.conf.broker_url.startswith("filesystem"):
    app.conf.broker_transport_options = {
        "data_folder_in": f"{_folder}/queue",
        "data_folder_out": f"{_folder}/queue",
        "control_folder": f"{_folder}/control",
        "polling_interval": 0.1,
    }
else:
    app.conf.broker_transport_options = {**app.conf.broker_transport_options, "global_keyprefix": _folder}

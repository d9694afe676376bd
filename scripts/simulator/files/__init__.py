"""The files that the services take and give: pictures that were sent, models that are made and converted."""

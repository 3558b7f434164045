"""How findings become alerts and reach every Alertmanager: wording, delivery, posting."""

"""Anomalies in the stream of an IoT sensor: an AVR forecasts, and publishes only what it did not expect."""

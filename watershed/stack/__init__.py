"""The laptop's servers: S3, PostgreSQL, a Kafka broker, Airflow, the consumers and the monitor."""

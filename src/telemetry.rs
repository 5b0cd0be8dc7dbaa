//! Logs as readable text or JSON; never a name, birth date, diagnosis, lobe or result.

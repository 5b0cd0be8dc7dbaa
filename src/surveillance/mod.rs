//! Pure planning: from tier and clearance to slots with windows.

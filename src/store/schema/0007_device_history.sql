-- Who had a device, and which devices a customer had: the page of a customer shows both, and the rows of earlier
-- owners are in no index of the bound ones.
CREATE INDEX devices_history_by_mac ON devices (mac, device_no);
CREATE INDEX devices_history_by_user ON devices (user_no, device_no);

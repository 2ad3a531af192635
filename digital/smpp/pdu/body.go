package pdu

func (b *Bind) parse(c *cursor) {
	b.SystemID = c.text("system_id", 15)
	b.Password = c.text("password", 8)
	b.SystemType = c.text("system_type", 12)
	b.Version = c.octet("interface_version")
	b.TON, b.NPI = c.octet("addr_ton"), c.octet("addr_npi")
	b.Range = c.text("address_range", 40)
}

func (b *Bind) print(p *printer) {
	p.text("system_id", b.SystemID, 15)
	p.text("password", b.Password, 8)
	p.text("system_type", b.SystemType, 12)
	p.octets(b.Version, b.TON, b.NPI)
	p.text("address_range", b.Range, 40)
}

func (b *BindResp) parse(c *cursor) {
	b.SystemID = c.text("system_id", 15)
	b.TLVs = c.tlvs()
}

func (b *BindResp) print(p *printer) {
	p.text("system_id", b.SystemID, 15)
	p.tlvs(b.TLVs)
}

func (o *Outbound) parse(c *cursor) {
	o.SystemID = c.text("system_id", 15)
	o.Password = c.text("password", 8)
}

func (o *Outbound) print(p *printer) {
	p.text("system_id", o.SystemID, 15)
	p.text("password", o.Password, 8)
}

func (m *Message) parse(c *cursor) {
	m.ServiceType = c.text("service_type", 5)
	m.Source = c.address("source_addr")
	m.Destination = c.address("destination_addr")
	m.ESMClass, m.ProtocolID, m.Priority = c.octet("esm_class"), c.octet("protocol_id"), c.octet("priority_flag")
	m.Schedule = c.text("schedule_delivery_time", 16)
	m.Validity = c.text("validity_period", 16)
	m.Registered, m.Replace = c.octet("registered_delivery"), c.octet("replace_if_present_flag")
	m.DataCoding, m.DefaultMsgID = c.octet("data_coding"), c.octet("sm_default_msg_id")
	n := int(c.octet("sm_length"))
	if n > MaxShort {
		c.fail(InvalidLength, "sm_length is 255")
	}
	m.Short = c.octets("short_message", n)
	m.TLVs = c.tlvs()
}

func (m *Message) print(p *printer) {
	p.text("service_type", m.ServiceType, 5)
	p.address("source_addr", m.Source)
	p.address("destination_addr", m.Destination)
	p.octets(m.ESMClass, m.ProtocolID, m.Priority)
	p.time("schedule_delivery_time", m.Schedule)
	p.time("validity_period", m.Validity)
	if len(m.Short) > MaxShort {
		p.fail("short_message")
		return
	}
	p.octets(m.Registered, m.Replace, m.DataCoding, m.DefaultMsgID, uint8(len(m.Short)))
	p.octets(m.Short...)
	p.tlvs(m.TLVs)
}

func (r *MessageResp) parse(c *cursor) {
	r.MessageID = c.text("message_id", 64)
	r.TLVs = c.tlvs()
}

func (r *MessageResp) print(p *printer) {
	p.text("message_id", r.MessageID, 64)
	p.tlvs(r.TLVs)
}

func (r *Raw) parse(c *cursor) {
	r.Octets = c.left
	c.left = nil
}

func (r *Raw) print(p *printer) { p.octets(r.Octets...) }

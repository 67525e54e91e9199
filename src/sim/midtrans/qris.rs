//! QRIS payloads: the tags of `EMVCo` with the Indonesian accounts, closed by a checksum.

/// The payload of a code that can be paid once, for whole rupiah. `name` is cut to what the standard takes.
pub(super) fn payload(
    merchant_id: &str,
    name: &str,
    reference: &str,
    amount_rp: u64,
    acquirer: &str,
) -> String {
    let domain = if acquirer == "airpay shopee" { "ID.CO.SHOPEE.WWW" } else { "COM.GO-JEK.WWW" };
    let number: String =
        merchant_id.bytes().map(|b| char::from(b'0' + b % 10)).chain("000000000".chars()).collect();
    let number = &number[..9];
    let account = [
        field("00", domain),
        field("01", &format!("936009140{number}")),
        field("02", &format!("G{number}")),
        field("03", "UMI"),
    ];
    let national =
        [field("00", "ID.CO.QRIS.WWW"), field("02", &format!("ID10200{number}")), field("03", "UMI")];
    let extra = [field("05", reference), field("07", "A01")];
    let name: String = name.chars().filter(char::is_ascii).take(25).collect();
    let fields = [
        field("00", "01"),
        field("01", "12"),
        field("26", &account.concat()),
        field("51", &national.concat()),
        field("52", "4814"),
        field("53", "360"),
        field("54", &amount_rp.to_string()),
        field("58", "ID"),
        field("59", &name),
        field("60", "JAKARTA PUSAT"),
        field("61", "10110"),
        field("62", &extra.concat()),
    ];
    let body = fields.concat() + "6304";
    let check = crc16(body.as_bytes());
    format!("{body}{check:04X}")
}

/// Tag, length in two digits, value. Values of 100 characters and more are cut.
fn field(tag: &str, value: &str) -> String {
    let value = &value[..value.len().min(99)];
    format!("{tag}{:02}{value}", value.len())
}

/// CRC-16/CCITT-FALSE.
fn crc16(bytes: &[u8]) -> u16 {
    bytes.iter().fold(0xffff, |crc, byte| {
        (0..8).fold(crc ^ (u16::from(*byte) << 8), |crc, _| {
            let shifted = crc << 1;
            if crc & 0x8000 == 0 { shifted } else { shifted ^ 0x1021 }
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Tags and values of one level.
    fn parse(mut text: &str) -> Vec<(&str, &str)> {
        let mut fields = Vec::new();
        while !text.is_empty() {
            let length: usize = text[2..4].parse().unwrap();
            fields.push((&text[..2], &text[4..4 + length]));
            text = &text[4 + length..];
        }
        fields
    }

    #[test]
    fn the_checksum_is_the_one_of_the_standard() {
        assert_eq!(crc16(b"123456789"), 0x29b1);
    }

    #[test]
    fn a_payload_is_well_formed_and_names_the_amount() {
        let text = payload("M0042", "Warung Internet Bu Sri Utama Jaya", "a1b2", 10_000, "gopay");
        let fields = parse(&text);
        let value = |tag| fields.iter().find(|(t, _)| *t == tag).unwrap().1;
        assert_eq!((fields[0], fields[1]), (("00", "01"), ("01", "12")));
        assert_eq!((value("53"), value("54"), value("58")), ("360", "10000", "ID"));
        assert_eq!(value("59").len(), 25);
        assert_eq!(parse(value("26"))[0].1, "COM.GO-JEK.WWW");
        assert_eq!(parse(value("51"))[0].1, "ID.CO.QRIS.WWW");
        assert_eq!(parse(value("62"))[0], ("05", "a1b2"));
        let (body, check) = text.split_at(text.len() - 4);
        assert_eq!(format!("{:04X}", crc16(body.as_bytes())), check);
    }
}

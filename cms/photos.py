"""Photos without what cameras write into them beside the picture. Plain Python."""

JPEG, PNG = b"\xff\xd8", b"\x89PNG\r\n\x1a\n"
SCAN = 0xDA  # from here on a JPEG is all picture
# Exif (the place, the camera, the time) and XMP, IPTC, comments
JPEG_NOTES = {0xE1, 0xED, 0xFE}
PNG_NOTES = {b"eXIf", b"iTXt", b"tEXt", b"tIME", b"zTXt"}
PNG_FRAME = 12  # bytes of a chunk beside its content: length, name, checksum


def without_notes(content: bytes) -> bytes:
    """A JPEG or PNG without its notes, the picture in it untouched; any other file as it is."""
    if content.startswith(JPEG):
        return jpeg_without_notes(content)
    return png_without_notes(content) if content.startswith(PNG) else content


def jpeg_without_notes(content: bytes) -> bytes:
    kept, place = bytearray(JPEG), len(JPEG)
    while content[place : place + 1] == b"\xff" and content[place + 1] != SCAN:
        end = place + 2 + int.from_bytes(content[place + 2 : place + 4])
        if content[place + 1] not in JPEG_NOTES:
            kept += content[place:end]
        place = end
    return bytes(kept) + content[place:]


def png_without_notes(content: bytes) -> bytes:
    kept, place = bytearray(PNG), len(PNG)
    while place < len(content):
        end = place + PNG_FRAME + int.from_bytes(content[place : place + 4])
        if content[place + 4 : place + 8] not in PNG_NOTES:
            kept += content[place:end]
        place = end
    return bytes(kept)

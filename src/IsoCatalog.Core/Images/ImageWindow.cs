namespace IsoCatalog.Core.Images;

/// <summary>The only way to the bytes of an image: each read is checked against the file's length and against what may be read in all.</summary>
internal sealed class ImageWindow(Stream stream)
{
    private int _mayRead = IsoReader.MaxBytesRead;

    /// <summary>Bytes, taken once: a file that grows or shrinks meanwhile is read as the length it had.</summary>
    public ulong Length { get; } = (ulong)stream.Length;

    /// <summary>True when the whole range lies in the file.</summary>
    public bool Contains(ulong offset, ulong length) => offset <= Length && length <= Length - offset;

    /// <summary>Fills the span from the offset; false when a part of it lies outside of the file, or when enough was read already.</summary>
    public bool TryRead(ulong offset, Span<byte> into)
    {
        if (!Contains(offset, (ulong)into.Length) || into.Length > _mayRead)
        {
            return false;
        }

        _mayRead -= into.Length;
        stream.Position = (long)offset;
        return stream.ReadAtLeast(into, into.Length, throwOnEndOfStream: false) == into.Length;
    }
}

namespace IsoCatalog.Core.Images;

/// <summary>The only way to the bytes of an image: each read is checked against the file's length and against what may be read in all.</summary>
internal sealed class ImageWindow
{
    private readonly Stream _stream;
    private int _mayRead;

    public ImageWindow(Stream stream)
        : this(stream, (ulong)stream.Length, IsoReader.MaxBytesRead)
    {
    }

    private ImageWindow(Stream stream, ulong length, int mayRead) => (_stream, Length, _mayRead) = (stream, length, mayRead);

    /// <summary>Bytes, taken once: a file that grows or shrinks meanwhile is read as the length it had.</summary>
    public ulong Length { get; }

    /// <summary>The same bytes for a reader of its own, who takes nothing from what others may read.</summary>
    public ImageWindow Beside(int mayRead) => new(_stream, Length, mayRead);

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
        _stream.Position = (long)offset;
        return _stream.ReadAtLeast(into, into.Length, throwOnEndOfStream: false) == into.Length;
    }
}

using System.Text;

namespace IsoCatalog.Surfaces.Files;

/// <summary>Files that somebody else wrote and that are read whole: never more of them than they may reasonably have.</summary>
internal static class SmallFile
{
    /// <exception cref="IOException">It is not there, cannot be read, is a folder, or is longer than <paramref name="limit"/> bytes.</exception>
    public static string ReadText(string path, int limit)
    {
        // A link is followed: such files are often put in place by one.
        using var file = Libc.Open(path, Libc.OpenReadOnly | Libc.OpenNonBlocking);
        var bytes = new byte[Math.Min(limit, 1 << 20) + 1];
        var length = 0;
        for (int count; length < bytes.Length && (count = RandomAccess.Read(file, bytes.AsSpan(length), length)) > 0;)
        {
            length += count;
        }

        return length > limit
            ? throw new IOException($"{path} is longer than {limit:N0} bytes.")
            : Encoding.UTF8.GetString(bytes, 0, length);
    }
}

namespace IsoCatalog.Client;

/// <summary>Reads a body that may be of any length.</summary>
internal static class BoundedBody
{
    /// <returns>Null when there is more than <paramref name="most"/> bytes; no more than that is ever held.</returns>
    public static async Task<byte[]?> ReadAsync(HttpContent content, int most, CancellationToken cancellationToken)
    {
        if (content.Headers.ContentLength > most)
        {
            return null;
        }

        await using var body = await content.ReadAsStreamAsync(cancellationToken);
        using var bytes = new MemoryStream((int)(content.Headers.ContentLength ?? 0));
        var buffer = new byte[16 * 1024];
        int read;
        while ((read = await body.ReadAsync(buffer, cancellationToken)) > 0)
        {
            if (bytes.Length + read > most)
            {
                return null;
            }

            bytes.Write(buffer, 0, read);
        }

        return bytes.ToArray();
    }
}

using System.Text;

namespace IsoCatalog.Core.Trust;

/// <summary>Pre-authentication encoding of DSSE v1.0.2: what is really signed, so that a payload cannot be taken for another type.</summary>
public static class Pae
{
    /// <summary><c>"DSSEv1" SP LEN(type) SP type SP LEN(body) SP body</c>; lengths are decimal byte counts.</summary>
    public static byte[] Encode(string payloadType, ReadOnlySpan<byte> payload)
    {
        ArgumentNullException.ThrowIfNull(payloadType);
        var head = Encoding.UTF8.GetBytes(
            $"DSSEv1 {Encoding.UTF8.GetByteCount(payloadType)} {payloadType} {payload.Length} ");
        return [.. head, .. payload];
    }
}

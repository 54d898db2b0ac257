using System.Security.Cryptography;

namespace IsoCatalog.Core.Trust;

/// <summary>A P-256 public key that a document may be signed with. Thread-safe.</summary>
public sealed class VerifyingKey
{
    private readonly string _pem;

    private VerifyingKey(string pem, string keyId)
    {
        _pem = pem;
        KeyId = keyId;
    }

    /// <summary>Lowercase hexadecimal SHA-256 of the SubjectPublicKeyInfo, DER.</summary>
    public string KeyId { get; }

    public string Pem => _pem;

    /// <exception cref="CryptographicException">Not a PEM public key, or not of curve P-256.</exception>
    public static VerifyingKey FromPem(string pem)
    {
        using var key = Import(pem);
        RequireP256(key);
        var spki = key.ExportSubjectPublicKeyInfo();
        return new VerifyingKey(pem, Convert.ToHexStringLower(SHA256.HashData(spki)));
    }

    /// <summary>
    /// True when the envelope has the wanted type and one of its signatures is by this key. Raw r‖s signatures are refused: only DER
    /// is our format. Checks neither the payload's content nor whether this key may speak for anybody.
    /// </summary>
    public bool Opens(Envelope envelope, string payloadType)
    {
        ArgumentNullException.ThrowIfNull(envelope);
        if (!string.Equals(envelope.PayloadType, payloadType, StringComparison.Ordinal))
        {
            return false;
        }

        using var key = Import(_pem);
        var pae = Pae.Encode(envelope.PayloadType, envelope.Payload);
        foreach (var signature in envelope.Signatures)
        {
            if (key.VerifyData(pae, signature.Signature, HashAlgorithmName.SHA256, DSASignatureFormat.Rfc3279DerSequence))
            {
                return true;
            }
        }

        return false;
    }

    internal static void RequireP256(ECDsa key)
    {
        if (key.ExportParameters(false).Curve.Oid.Value is not "1.2.840.10045.3.1.7")
        {
            throw new CryptographicException("the key is not of curve P-256");
        }
    }

    private static ECDsa Import(string pem)
    {
        var key = ECDsa.Create();
        try
        {
            key.ImportFromPem(pem);
            return key;
        }
        catch (ArgumentException e)
        {
            key.Dispose();
            throw new CryptographicException("not a PEM file with one EC public key: " + e.Message, e);
        }
    }
}

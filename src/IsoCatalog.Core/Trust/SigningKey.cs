using System.Security.Cryptography;

namespace IsoCatalog.Core.Trust;

/// <summary>A P-256 private key that signs documents (ECDSA with SHA-256, DER signatures). Thread-safe.</summary>
public sealed class SigningKey : IDisposable
{
    private readonly ECDsa _key;
    private readonly Lock _gate = new();

    private SigningKey(ECDsa key)
    {
        _key = key;
        Public = VerifyingKey.FromPem(key.ExportSubjectPublicKeyInfoPem());
    }

    public VerifyingKey Public { get; }

    public static SigningKey Generate() => new(ECDsa.Create(ECCurve.NamedCurves.nistP256));

    /// <exception cref="CryptographicException">Not a PEM private key, or not of curve P-256; the message says which.</exception>
    public static SigningKey FromPem(string pem)
    {
        var key = ECDsa.Create();
        try
        {
            key.ImportFromPem(pem);
            key.ExportPkcs8PrivateKey().AsSpan().Clear();
            VerifyingKey.RequireP256(key);
            return new SigningKey(key);
        }
        catch (ArgumentException e)
        {
            key.Dispose();
            throw new CryptographicException("not a PEM file with one EC private key: " + e.Message, e);
        }
        catch
        {
            key.Dispose();
            throw;
        }
    }

    /// <summary>PKCS #8, to be written with mode 0600 and nowhere else.</summary>
    public string ExportPem() => _key.ExportPkcs8PrivateKeyPem() + "\n";

    public Envelope Sign(string payloadType, byte[] payload)
    {
        var pae = Pae.Encode(payloadType, payload);
        byte[] signature;
        lock (_gate)
        {
            signature = _key.SignData(pae, HashAlgorithmName.SHA256, DSASignatureFormat.Rfc3279DerSequence);
        }

        return new Envelope(payloadType, payload, [new EnvelopeSignature(Public.KeyId, signature)]);
    }

    public void Dispose() => _key.Dispose();
}

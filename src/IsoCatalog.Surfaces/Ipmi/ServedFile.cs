using System.Globalization;
using IsoCatalog.Core.Readiness;
using Microsoft.Win32.SafeHandles;

namespace IsoCatalog.Surfaces.Ipmi;

/// <summary>
/// One verified inode and the handle that its readers share. The handle is opened by the first reader and closed when it has been idle
/// for a while or <see cref="Retire"/> was called and the last reader left. Thread-safe.
/// </summary>
internal sealed class ServedFile(StoredImage image, IsoStoreFiles files)
{
    private readonly Lock _gate = new();
    private SafeFileHandle? _handle;
    private int _readers;
    private long _lastLeft;
    private bool _retired;
    private ImageDoubt? _doubt;

    public StoredImage Image { get; } = image;

    public string ETag { get; } = $"\"{image.Root}\"";

    /// <summary>Whole seconds, as HTTP dates are.</summary>
    public DateTimeOffset ModifiedAt { get; } = DateTimeOffset.FromUnixTimeSeconds(image.ModifiedAt.ToUnixTimeSeconds());

    public string LastModified { get; } = image.ModifiedAt.ToUniversalTime().ToString("R", CultureInfo.InvariantCulture);

    public ImageDoubt? Doubt => Volatile.Read(ref _doubt);

    /// <returns>True the first time: a doubt stays until the file is verified again, which makes a new <see cref="ServedFile"/>.</returns>
    public bool TryDoubt(ImageDoubt doubt) => Interlocked.CompareExchange(ref _doubt, doubt, null) is null;

    /// <summary>The handle, after fstat agreed with the receipt; <see cref="Leave"/> must follow. Null when there is a doubt, old or new.</summary>
    /// <param name="newDoubt">Set when this call found the reason to doubt.</param>
    public SafeFileHandle? TryEnter(out ImageDoubt? newDoubt)
    {
        newDoubt = null;
        if (Doubt is not null)
        {
            return null;
        }

        SafeFileHandle handle;
        try
        {
            handle = EnterHandle() ?? Install(File.OpenHandle(Image.StorePath, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete));
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            var code = exception is FileNotFoundException or DirectoryNotFoundException ? ReasonCode.StoreMissing : ReasonCode.ReadError;
            newDoubt = new ImageDoubt(Image.Id, code, $"The store file {Image.StorePath} cannot be opened: {exception.Message}");
            return null;
        }

        if ((newDoubt = Disagreement(handle)) is null)
        {
            return handle;
        }

        Leave(0);
        return null;
    }

    /// <summary>Null while fstat says what it said when the bytes were verified.</summary>
    public ImageDoubt? Disagreement(SafeFileHandle handle)
    {
        try
        {
            var look = files.Links.Before(Image.Root);
            var found = files.Stat(handle, Image.Root);
            return look.Explains(found, Image.StoreReceipt)
                ? null
                : new ImageDoubt(Image.Id, ReasonCode.FileChanged,
                    $"The store file {Image.StorePath} is not as it was when it was verified: {Difference(found, Image.StoreReceipt)}");
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return new ImageDoubt(Image.Id, ReasonCode.ReadError, $"The store file {Image.StorePath} cannot be examined: {exception.Message}");
        }
    }

    /// <param name="now">A <see cref="TimeProvider"/> timestamp.</param>
    public void Leave(long now)
    {
        SafeFileHandle? unused;
        lock (_gate)
        {
            _readers--;
            _lastLeft = now;
            unused = _retired ? TakeUnusedHandle_NeedsLock() : null;
        }

        unused?.Dispose();
    }

    /// <summary>Closes the handle now or as soon as the last reader has left. A later reader opens the file again.</summary>
    public void Retire()
    {
        SafeFileHandle? unused;
        lock (_gate)
        {
            _retired = true;
            unused = TakeUnusedHandle_NeedsLock();
        }

        unused?.Dispose();
    }

    public void CloseIfIdle(TimeProvider time, TimeSpan idle)
    {
        SafeFileHandle? unused;
        lock (_gate)
        {
            unused = time.GetElapsedTime(_lastLeft) >= idle ? TakeUnusedHandle_NeedsLock() : null;
        }

        unused?.Dispose();
    }

    private static string Difference(Receipt found, Receipt verified) =>
        found.Device != verified.Device || found.Inode != verified.Inode ? "another file stands in its place."
        : found.Size != verified.Size ? $"it has {found.Size} bytes instead of {verified.Size}."
        : found.ModifiedNs != verified.ModifiedNs ? "it was written to."
        : "its links, owner or mode were changed.";

    private SafeFileHandle? EnterHandle()
    {
        lock (_gate)
        {
            if (_handle is not null)
            {
                _readers++;
            }

            return _handle;
        }
    }

    private SafeFileHandle Install(SafeFileHandle opened)
    {
        SafeFileHandle? superfluous = null;
        SafeFileHandle handle;
        lock (_gate)
        {
            if (_handle is null)
            {
                _handle = opened;
            }
            else
            {
                superfluous = opened;
            }

            _readers++;
            handle = _handle;
        }

        superfluous?.Dispose();
        return handle;
    }

    private SafeFileHandle? TakeUnusedHandle_NeedsLock()
    {
        if (_readers > 0)
        {
            return null;
        }

        var handle = _handle;
        _handle = null;
        return handle;
    }
}

using IsoCatalog.Core.Catalog;

namespace IsoCatalog.Surfaces.Ipmi;

/// <summary>An image as all its routes share it: the file may be exchanged under them for another verified one.</summary>
internal sealed class ServedImage(ImageId id, ServedFile file)
{
    private ServedFile _file = file;
    private int _linkChanges;

    public ImageId Id { get; } = id;

    public ServedFile File => Volatile.Read(ref _file);

    /// <summary>Routes that hold this image; guarded by the table's lock.</summary>
    public int Routes { get; set; }

    /// <summary>While the appliance itself makes or removes a link, a ctime that differs says nothing.</summary>
    public bool LinksMayChange => Volatile.Read(ref _linkChanges) > 0;

    public void BeginLinkChange() => Interlocked.Increment(ref _linkChanges);

    public void EndLinkChange() => Interlocked.Decrement(ref _linkChanges);

    public void Exchange(ServedFile file) => Interlocked.Exchange(ref _file, file).Retire();
}

using IsoCatalog.Core.Catalog;

namespace IsoCatalog.Surfaces.Ipmi;

/// <summary>An image as all its routes share it: the file may be exchanged under them for another verified one.</summary>
internal sealed class ServedImage(ImageId id, ServedFile file)
{
    private ServedFile _file = file;

    public ImageId Id { get; } = id;

    public ServedFile File => Volatile.Read(ref _file);

    /// <summary>Routes that hold this image; guarded by the table's lock.</summary>
    public int Routes { get; set; }

    public void Exchange(ServedFile file) => Interlocked.Exchange(ref _file, file).Retire();
}

using IsoCatalog.Surfaces.Files;

namespace IsoCatalog.Appliance.Intake;

/// <summary>What is named as an image and is no file, in words.</summary>
internal static class SourceKind
{
    /// <summary>It can be read to its end, or perhaps: a link leads somewhere.</summary>
    public static bool MayBeFile(FileKind kind) => kind is FileKind.Regular or FileKind.Link or FileKind.Missing;

    public static string Called(FileKind kind) => kind switch
    {
        FileKind.Regular => "a file",
        FileKind.Folder => "a folder",
        FileKind.Link => "a link",
        FileKind.Pipe => "a pipe (FIFO)",
        FileKind.Socket => "a socket",
        FileKind.Device => "a device",
        FileKind.Missing => "gone",
        _ => "not a file",
    };

    /// <param name="then">What to do with the file: "add that".</param>
    public static string Remedy(FileKind kind, string then) => kind switch
    {
        FileKind.Folder => "Name the images in it.",
        FileKind.Device => $"Copy what is on it to a file that ends with .iso, such as with dd, and {then}.",
        FileKind.Pipe => $"Write what comes through it to a file that ends with .iso, and {then}.",
        FileKind.Link => "Put the file itself here, or add it where it is: isocatalog add FILE.",
        _ => "Move it away.",
    };
}

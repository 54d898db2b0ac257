namespace IsoCatalog.Core.Readiness;

/// <summary>
/// The codes in words for whoever only uses a site, such as a panel and its customers: what is so, and nothing that only its operators can use, such as a command, a file, an address or
/// the words of another system. These are in the site's own reasons.
/// </summary>
public static class ReasonWords
{
    /// <param name="code">One of <see cref="ReasonCode"/>, or one of a newer version.</param>
    public static string Of(string? code) => code switch
    {
        ReasonCode.FileMissing => "Its published file is gone. It is published again.",
        ReasonCode.FileChanged => "Its published file was touched. It is read, and published again if it is wrong.",
        ReasonCode.HashMismatch => "Its published bytes are not those that were signed. It is published again.",
        ReasonCode.ReadError => "Its published file cannot be read back.",
        ReasonCode.WriteError => "Its file cannot be written there.",
        ReasonCode.NoSpace => "There is no room for it there.",
        ReasonCode.ForeignFile => "A file that is not the site's own lies there.",
        ReasonCode.SurfaceMissing => "The folder of the surface is not there.",
        ReasonCode.SurfaceReadOnly => "The surface cannot be written to.",
        ReasonCode.SurfaceUnreachable => "The surface does not answer.",
        ReasonCode.EngineDenied => "The oVirt engine does not let the site in.",
        ReasonCode.EngineRefreshFailed => "The oVirt engine cannot list its ISO domain.",
        ReasonCode.EngineNotListed => "The oVirt engine does not list it, or not yet.",
        ReasonCode.EngineListsMore => "The oVirt engine lists a file that is not there.",
        ReasonCode.DomainInactive => "The ISO domain is not active in an oVirt data center.",
        ReasonCode.DomainUnlistable => "Something in the ISO domain keeps the oVirt engine from listing it.",
        ReasonCode.HeldByMachine => "It was withdrawn, and a virtual machine still has it in its drive.",
        ReasonCode.DataMissing => "The site cannot reach its images at this moment.",
        ReasonCode.StoreMissing => "The site's own copy is gone.",
        ReasonCode.StoreDamaged => "The site's own copy is damaged or in doubt. It is read again.",
        ReasonCode.StoreRestless => "The site's own copy changes while it is read. It is read again.",
        ReasonCode.DatabaseFailed => "The site cannot write down anything new at this moment.",
        ReasonCode.DiskFull => "The disk of the site is full.",
        ReasonCode.DocumentsUnstored => "The site cannot store what other sites signed.",
        ReasonCode.UpkeepFailed => "A part of the site's own work has failed for a while. It is tried again.",
        ReasonCode.FilesExhausted => "The site can open hardly a file more.",
        ReasonCode.WatchIncomplete => "The site notices changes of files later than usual.",
        ReasonCode.InboxUnlistable => "The site takes up nothing from its inbox.",
        ReasonCode.InboxNotEmptied => "What was taken up from the site's inbox is still there.",
        ReasonCode.Incomplete => "A file in the site's inbox is not complete.",
        ReasonCode.NotYetPublished => "It comes soon.",
        ReasonCode.Verifying => "Its bytes are brought there and read back.",
        ReasonCode.WaitingForSurfaces => "It is ready there, and appears once the other surfaces of the site are ready too.",
        ReasonCode.WaitingForSites => "It is ready there, and appears once other sites are ready too.",
        ReasonCode.WaitingForName => "It is ready there, and appears once nobody has the image any more that had its name before.",
        ReasonCode.Removed => "The image was removed.",
        ReasonCode.Hidden => "The image is hidden.",
        ReasonCode.Blocked => "The image is recalled.",
        ReasonCode.Disputed => "Sites disagree which bytes this image is. It is offered once that is settled.",
        ReasonCode.Renamed => "It has another name now, and comes back under it.",
        ReasonCode.ImageFaulty => "The structure of the image is faulty.",
        ReasonCode.ManyNew => "A site put more into the catalog than is usual.",
        ReasonCode.SiteLate => "The site was not heard for a minute: what it last said may not be so any more.",
        ReasonCode.PeerUnreachable => "Another site cannot be reached.",
        ReasonCode.PeerCannotCall => "Another site does not call this one.",
        ReasonCode.Fetching => "Its bytes are on the way from other sites.",
        ReasonCode.WaitingForSource => "No site that can be reached offers its bytes yet.",
        ReasonCode.FetchFailed => "Its bytes could not be fetched. It is tried again.",
        _ => "The site's operators can see why.",
    };
}

import IKEModel

extension Engine {
    /// Hands out the keys that came to be with the last input, each once: whoever asked for them decodes captures.
    /// Looks at every IKE SA, which only an engine under test does.
    func exportNewKeys() {
        for id in ikes.keys.sorted() {
            guard let keys = ikes[id]?.keys?.exported else { continue }
            ikes[id]?.keys?.exported = nil
            emit(.ikeKeys(id, keys))
        }
    }
}
